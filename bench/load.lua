-- Script for wrk: requests the paths of a file one after the other, and prints the result as JSON.
local lines, index, first_thread = {}, 0, nil
fallbacks = 0 -- responses that are not a 200 or have a fallback picture

function setup(thread)
  first_thread = thread
end

function init(arguments)
  for line in io.lines(arguments[1]) do
    lines[#lines + 1] = line
  end
end

function request()
  index = index % #lines + 1
  return wrk.format("GET", lines[index])
end

function response(status, headers)
  if status ~= 200 or headers["X-Postcard-Fallback"] or headers["x-postcard-fallback"] then
    fallbacks = fallbacks + 1
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.3f,"p50_ms":%.3f,"p99_ms":%.3f,"fallbacks":%d,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, first_thread:get("fallbacks"),
    errors.connect + errors.read + errors.write + errors.timeout))
end
