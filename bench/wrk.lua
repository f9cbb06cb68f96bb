-- Sends the bodies of a file one after another; prints what came of it as one line of JSON.
-- wrk … -s wrk.lua URL -- FILE PATH CONTENT_TYPE KEY

local requests, position = {}, 0

function init(arguments)
   local file, path, content_type, key = arguments[1], arguments[2], arguments[3], arguments[4]
   local headers = { ["Content-Type"] = content_type, ["Authorization"] = "Bearer " .. key }
   for body in io.lines(file) do
      requests[#requests + 1] = wrk.format("POST", path, headers, body)
   end
end

function request()
   position = position % #requests + 1
   return requests[position]
end

function done(summary, latency)
   local e = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "seconds": %.6f, "p50_ms": %.4f, "p99_ms": %.4f, "errors": %d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      e.connect + e.read + e.write + e.timeout + e.status))
end
