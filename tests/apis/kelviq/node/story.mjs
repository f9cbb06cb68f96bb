// The story through @kelviq/node-sdk, in parts: between them a browser pays on the checkout page.
import { readFileSync } from "node:fs";
import { Kelviq, validateEvent } from "@kelviq/node-sdk";

const [part, base, plan] = process.argv.slice(2);
const customerId = "cust_node";
const order = { planIdentifier: plan, chargePeriod: "ONE_TIME", customerId };

const connect = (accessToken, baseUrl = base) =>
  new Kelviq({ accessToken, baseUrl, edgeApiUrl: baseUrl, logger: false });
const kelviq = connect("sk_test_story");

async function refused(call) {
  try {
    await call;
  } catch (error) {
    return [error.name, error.statusCode ?? null];
  }
  throw new Error("this was not refused");
}

async function buy() {
  await kelviq.customers.create({ customerId, email: "ada@example.com", name: "Ada", metadata: { fooBar: "x" } });
  const kept = await kelviq.customers.retrieve({ customerId });
  if (kept.metadata.fooBar !== "x") throw new Error("metadata changed");
  return kelviq.checkout.createSession({ ...order, successUrl: "https://merchant.example/thanks", features: [] });
}

async function goOn() {
  const features = [{ identifier: "seats", quantity: 5 }];
  const charge = await kelviq._request("POST", "/charges/", { ...order, features, currency_code: null });
  const seats = await kelviq.entitlements.getEntitlement({ customerId, featureId: "seats" });
  const found = await kelviq._request("GET", "/transaction/", undefined, { search: charge.id });
  const refund = await kelviq._request("POST", "/refunds/", { orderId: found.results[0].order.id });
  const silent = "cust_node_silent";
  await kelviq.customers.create({ customerId: silent, email: "s@example.com" });
  const saved = await fetch(`${base}/admin/v1/payment_methods`, {
    method: "POST",
    headers: { Authorization: "Bearer sk_test_story" },
    body: JSON.stringify({ customer: silent, gateway: "sandbox", token: "pm_card_timeout", default: true }),
  });
  if (saved.status !== 200) throw new Error(await saved.text());
  const large = { customerId: "large", email: "l@example.com", metadata: { x: "y".repeat(1_100_000) } };
  const errors = {
    unauthorised: await refused(connect("sk_none").customers.retrieve({ customerId })),
    forbidden: await refused(connect("ck_test_story").customers.retrieve({ customerId })),
    refused: await refused(kelviq._request("POST", "/charges/", { ...order, planIdentifier: "none" })),
    missing: await refused(kelviq.customers.retrieve({ customerId: "nobody" })),
    tooLarge: await refused(kelviq.customers.create(large)),
    silent: await refused(kelviq._request("POST", "/charges/", { ...order, customerId: silent })),
    nobody: await refused(connect("sk", "http://127.0.0.1:1").customers.retrieve({ customerId })),
  };
  return {
    charge: { amount: charge.amount },
    seats: { usageLimit: seats.usageLimit, hasAccess: seats.hasAccess },
    refund: { status: refund.status, amountUnits: refund.amountUnits },
    errors,
  };
}

function verify() {
  const { headers, body, secret } = JSON.parse(readFileSync("delivery.json", "utf-8"));
  const event = validateEvent(body, headers, secret);
  try {
    validateEvent(body + " ", headers, secret);
  } catch {
    return { type: event.type, tampered: "refused" };
  }
  return { type: event.type, tampered: "accepted" };
}

const parts = { buy, "go-on": goOn, verify };
console.log(JSON.stringify(await parts[part]()));
