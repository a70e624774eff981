-- Opens a line of a file at each request. At the end one line of JSON says what came of it.
local lines, at, thread_of_all = {}, 0, nil
answered, marked = 0, 0

function setup(thread)
  thread_of_all = thread
end

function init(arguments)
  for line in io.lines(arguments[1]) do
    lines[#lines + 1] = line
  end
end

function request()
  at = at % #lines + 1
  return wrk.format("GET", lines[at])
end

function response(status, headers)
  answered = answered + 1
  if status ~= 200 or headers["X-Postcard-Fallback"] or headers["x-postcard-fallback"] then
    marked = marked + 1
  end
end

function done(summary, latency)
  local broken = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.3f,"p50_ms":%.3f,"p99_ms":%.3f,"marked":%d,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, thread_of_all:get("marked"),
    broken.connect + broken.read + broken.write + broken.timeout))
end
