from tests.console.test_access import *
from tests.console.test_access import _PART, _ATTEMPTS
from urllib.parse import urlencode, quote
WEIRD = ["9"*18, "9"*400, "-1", "0", "1e9", "²", "٣", "\ud800", "\x00", "x"*6000, "%s", "NaN", "Infinity", "1.0000000000001", "0001-01-01", "2999-12-31", "1-1", "t9007199254740991.9007199254740991", "é", "253370764799999999-1","9007199254740991-9007199254740991","9007199254740991", "JPY", "2026-W01-1", "1;2", "[]", "{}", "1_000","null"]
QUERY = ["after","before","q","search","parent","customer","id","from","to","door","kind","state","plan","currency","amount","amount_to","charge","person","command","subject","period","figure","told","next"]
def enc(values):
    return urlencode(values, errors="surrogatepass")
def test_fuzz(signed_in, application, norths):
    visitor = signed_in("telco")
    door = next(d for _, d in application._front._doors if isinstance(d, ConsoleDoor))
    bad=[]
    token = visitor.open("/console/me").form("/console/sign-out").values["form_token"]
    def addr(path, of=norths):
        n = "70" if path.startswith("/plans/") else of["number"]
        return "/console"+_PART.sub(lambda p: n if p[1]=="number" else of.get(p[1],"1"), path)
    hdr={"cookie":"; ".join(f"{k}={v}" for k,v in visitor.cookies.items()),"content-type":"application/x-www-form-urlencoded"}
    for path, methods in list(door.routes.items()):

        for w in WEIRD:
            if "GET" in methods:
                for sub in (None, w):
                    a = addr(path) if sub is None else "/console"+_PART.sub(lambda p: quote(w.encode("utf-8","surrogatepass")), path)
                    if sub is not None and "{" not in path: continue
                    if len(w)>5000 and sub: continue
                    r = application.request("GET", a+"?"+enc({k:w for k in QUERY}), key=None, headers=hdr)
                    if r.status>=500: bad.append(("GET",path,w[:30],r.status))
            if path.endswith(("remove","delete","lock","state","revoke")): continue
            if "POST" in methods and not path.startswith("/me/"):
                for keep in ({}, {"name":"A","amount":"5","currency":"EUR","plan":"70","email":"a@b.c","username":"u","period":"monthly"}):
                    v={k:w for k in FILLED}
                    v.update({k:w for k in ("description","buy","day","start","end","times","reason","note","source","quantities","countries","flat","rate","last_day","number","reference","timezone","country","since","to","digest")})
                    v.update(keep); v.update(form_token=token, attempt=f"{next(_ATTEMPTS):032}")
                    v["step"]="confirm"; v["sure"]="1"
                    r = application.request("POST", addr(path), enc(v).encode(), key=None, headers=hdr)
                    if r.status>=500: bad.append(("POST",path,w[:30],r.status))
    for b in bad: print(b)
    assert not bad
