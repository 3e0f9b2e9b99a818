-- SPDX-License-Identifier: Apache-2.0
-- For wrk: one POST over and over (BODY), or one body after the other from a file (POOL: a body a line,
-- each sent once; behind tabs, `Name: value` of headers of its own). CTYPE and AUTHZ are headers. Prints one line of JSON.
wrk.method = "POST"
wrk.headers["Content-Type"] = os.getenv("CTYPE") or "application/x-www-form-urlencoded"
if os.getenv("AUTHZ") then wrk.headers["Authorization"] = os.getenv("AUTHZ") end

local pool = os.getenv("POOL")
if pool then
  local lines
  function init()
    lines = io.lines(pool)
  end
  function request()
    -- Behind the last line the bodies are empty, and the answers errors that the run then sees.
    local line = lines() or ""
    local tab = line:find("\t", 1, true)
    if not tab then return wrk.format(nil, nil, nil, line) end
    local headers = {["Content-Type"] = wrk.headers["Content-Type"]}
    for name, value in line:sub(tab):gmatch("\t([^:]+): ([^\t]*)") do headers[name] = value end
    return wrk.format(nil, nil, headers, line:sub(1, tab - 1))
  end
else
  wrk.body = os.getenv("BODY") or ""
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('JSON {"rps":%.1f,"p50":%d,"p99":%d,"n":%d,"bad":%d}\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50), latency:percentile(99),
    summary.requests, e.status + e.connect + e.read + e.write + e.timeout))
end
