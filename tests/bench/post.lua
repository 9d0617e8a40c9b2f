-- post.lua: a chat request for wrk; prints one line of figures at the end
-- environment: BENCH_MODEL, BENCH_BYTES (size of the body, about)
local model = os.getenv("BENCH_MODEL") or "instant"
local size = tonumber(os.getenv("BENCH_BYTES") or "0")
local text = "Is all well? " .. string.rep("A", size)

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"model":"' .. model .. '","messages":[{"role":"system","content":"Be '
    .. 'brief."},{"role":"user","content":"' .. text .. '"}],"temperature":0.2}'

function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format("figures %.1f %.1f %.1f %.1f %d\n",
        summary.requests / (summary.duration / 1e6), latency.mean,
        latency:percentile(50), latency:percentile(99),
        e.connect + e.read + e.write + e.status + e.timeout))
end
