-- The script of lighttpd.conf: the static lane before a request, lighttpd's own refusals and the limits of ranges after it.
local r = lighty.r
local prefix, files, documentation = "@PREFIX@", "@DATA@/files/", "@URL@/docs/api#errors"

local policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: 'self'"
local types = {
	png = "image/png", jpg = "image/jpeg", gif = "image/gif", webp = "image/webp", avif = "image/avif",
	bmp = "image/bmp", ico = "image/vnd.microsoft.icon",
	mp4 = "video/mp4", webm = "video/webm", mov = "video/quicktime", ogv = "video/ogg",
	mp3 = "audio/mpeg", m4a = "audio/mp4", aac = "audio/aac", ogg = "audio/ogg", wav = "audio/wav", flac = "audio/flac",
	pdf = "application/pdf", woff = "font/woff", woff2 = "font/woff2", wasm = "application/wasm",
}
-- What a picture might carry must never act as this site (SVG is not here: it is the worker's).
local pictures = { png = true, jpg = true, gif = true, webp = true, avif = true, bmp = true, ico = true }

local function is_ours(path)
	return path:sub(1, #prefix + 1) == prefix .. "/"
end

-- Whether a name is written as this service writes it: escapes that are none, or of what no name has, are for the worker to judge.
local function is_plain(name)
	if name:find("^[%w._~!$&'()*+,;=:@-]+$") then
		return true
	end
	local rest = name:gsub("%%%x%x", "")
	local decoded = name:gsub("%%(%x%x)", function(digits)
		return string.char(tonumber(digits, 16))
	end)
	return not rest:find("[^%w._~!$&'()*+,;=:@-]") and not decoded:find("[%c/\\]") and utf8.len(decoded) ~= nil
end

local months = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

-- If-Match and, without it, If-Unmodified-Since, which lighttpd does not know. What is no date counts for nothing.
local function is_meant(etag, modified)
	local match = r.req_header["If-Match"]
	if match then
		if match:find("^%s*%*%s*$") then
			return true
		end
		for weak, one in match:gmatch('(W?/?)("[^"]*")') do
			if weak == "" and one == etag then
				return true
			end
		end
		return false
	end
	local day, name, year, hour, minute, second =
		(r.req_header["If-Unmodified-Since"] or ""):match("^%s*%a+, (%d%d) (%a+) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT%s*$")
	return not months[name]
		or os.date("!%Y%m%d%H%M%S", modified) <= string.format("%s%02d%s%s%s%s", year, months[name], day, hour, minute, second)
end

-- The status with which lighttpd sends a file, 304 among them. The ETag is the worker's, so that a file has one on every way.
local function send(file)
	local etag = string.format('"%x-%x"', file.st_mtime, file.st_size)
	if not is_meant(etag, file.st_mtime) then
		return 412
	end
	r.resp_header["ETag"] = etag
	return file["http-response-send-file"]
end

-- The extension of a file on disk is its type's, never the user's: where <id>.<ext> exists, <ext> is right.
local function lane()
	local path = r.req_attr["request.orig-uri"]:match("^[^?]*")
	local hex = "[0-9a-f]"
	local id, name, ext = path:sub(#prefix + 1):match("^/(" .. hex:rep(8) .. "%-" .. hex:rep(4) .. "%-7" .. hex:rep(3)
		.. "%-[89ab]" .. hex:rep(3) .. "%-" .. hex:rep(12) .. ")/([^/]+%.(%w+))$")
	if not id or not is_ours(path) or not types[ext] or not is_plain(name) then
		return
	end
	local method = r.req_attr["request.method"]
	local file = (method == "GET" or method == "HEAD") and lighty.c.stat(files .. id:sub(-3) .. "/" .. id .. "." .. ext)
	if not file then
		return
	end
	local head = r.resp_header
	head["Content-Type"] = types[ext]
	head["X-Content-Type-Options"] = "nosniff"
	head["Cache-Control"] = "public, max-age=31536000, immutable"
	head["Access-Control-Allow-Origin"] = "*"
	head["Access-Control-Expose-Headers"] = "Accept-Ranges, Content-Range, Content-Disposition, Content-Length, ETag"
	head["Cross-Origin-Resource-Policy"] = "cross-origin"
	if pictures[ext] then
		head["Content-Security-Policy"] = policy
	end
	return send(file)
end

-- status that lighttpd found -> status, code, error, message
local words = {
	[400] = { 400, "bad_request", "Bad request", "The request is malformed." },
	[404] = { 404, "not_found", "Not found", "There is no such file." },
	[405] = { 405, "method_not_allowed", "Method not allowed", "This method is not supported." },
	[411] = { 411, "length_required", "Length required", "A POST needs a Content-Length." },
	[412] = { 412, "precondition_failed", "Precondition failed", "The file is not the one that the request's condition names." },
	[413] = { 413, "body_too_large", "Request body too large", "The request body is larger than this server accepts." },
	[416] = { 416, "range_not_satisfiable", "Range not satisfiable", "The file has no such range of bytes." },
	[500] = { 502, "bad_gateway", "Bad gateway", "The worker did not answer; please try again." },
	[503] = { 503, "unavailable", "Service unavailable", "The service is not available at the moment; please try again." },
	[504] = { 504, "gateway_timeout", "Gateway timeout", "The worker did not answer in time; please try again." },
}
words[403], words[501], words[505] = words[404], words[405], words[400]

local function new_id()
	local rand = lighty.c.rand
	return string.format("%08x-%04x-7%03x-%04x-%04x%08x", lighty.c.time() * 1000 >> 16, lighty.c.time() * 1000 & 0xffff,
		rand() & 0xfff, rand() & 0x3fff | 0x8000, rand() & 0xffff, rand() & 0xffffffff)
end

-- The workers log what they answer; what is refused here stands in lighttpd's own log, with the id that the answer carries.
local function note(id, status)
	local path = (r.req_attr["request.orig-uri"] or ""):match("^[^?]*")
	print(string.format('{"id":"%s","remote":"%s","method":"%s","path":"%s","status":%d}', id,
		r.req_attr["request.remote-addr"], r.req_attr["request.method"], lighty.c.bsenc_json(path), status))
end

local function refuse(found)
	-- So lighttpd finds the slow pool's line when it is full.
	local path = (r.req_attr["uri.path"] or "") .. (r.req_attr["request.path-info"] or "")
	if found == 500 and path == prefix .. "/api/v4/upload_from_url" then
		found = 503
	end
	local status, code, error, message = table.unpack(words[found] or words[found < 500 and 400 or 500])
	local names, head = {}, r.resp_header
	local id = head["X-Request-Id"] or new_id()
	for name in pairs(head) do
		names[#names + 1] = name
	end
	for _, name in ipairs(names) do
		if name ~= "Content-Range" then
			head[name] = ""
		end
	end
	head["Content-Type"] = "application/json; charset=utf-8"
	head["Cache-Control"] = "no-store"
	head["X-Content-Type-Options"] = "nosniff"
	head["Access-Control-Allow-Origin"] = "*"
	head["X-Request-Id"] = id
	head["Access-Control-Expose-Headers"] = status == 416 and "Content-Range" or ""
	head["Allow"] = status == 405 and "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" or ""
	head["Retry-After"] = ({ [502] = "1", [503] = "5", [504] = "5" })[status] or ""
	r.resp_body:set(string.format(
		'{"error":"%s","code":"%s","message":"%s","status":%d,"documentation_url":"%s","request_id":"%s"}',
		error, code, message, status, documentation, id))
	note(id, status)
	return status
end

-- A range that is not there lighttpd would tell of in HTML and without Content-Range; one that means nothing is ignored.
local function see_range()
	local range, head = r.req_header["Range"], r.resp_header
	local size = tonumber(head["Content-Length"])
	local only_if = r.req_header["If-Range"]
	if not range or r.req_attr["request.method"] ~= "GET"
		or only_if and only_if ~= head[only_if:sub(1, 1) == '"' and "ETag" or "Last-Modified"] then
		return 200
	end
	local specs, count, some = range:lower():match("^bytes=(.+)$"), 0, false
	for spec in (specs or "-"):gmatch("[^,]+") do
		local first, last = spec:match("^%s*(%d*)%-(%d*)%s*$")
		count = count + 1
		-- Of more than ten lighttpd would send the first ten.
		-- A number that is too long for it, or an end before the beginning, it would refuse by a page of its own.
		if count > 10 or not first or first .. last == "" or #last > 15
			or first ~= "" and last ~= "" and tonumber(last) < tonumber(first) then
			r.req_header["Range"] = ""
			return 200
		end
		some = some or first == "" and tonumber(last) > 0 or first ~= "" and tonumber(first) < size
	end
	if not some then
		head["Content-Range"] = "bytes */" .. size
		return refuse(416)
	end
	return 200
end

-- What a worker hands over by X-Sendfile. Not by lighttpd's own x-sendfile, which would give it another ETag.
local function hand_over(path)
	local file = path:sub(1, #files) == files and not path:find("..", 1, true) and lighty.c.stat(path)
	local status = file and send(file) or 404
	if status >= 400 then
		return refuse(status)
	end
	return status == 200 and see_range() or status
end

local status = r.req_item.http_status
if status == 0 then
	return lane()
end
-- A request that lighttpd could not read has no path, and might have been meant for us.
local path, head = r.req_attr["uri.path"] or "", r.resp_header
if path ~= "" and not is_ours(path) then
	return
end
if head["X-Sendfile"] then
	return hand_over(head["X-Sendfile"])
end
if not head["X-Request-Id"] then
	if status >= 400 then
		return refuse(status)
	end
	return status == 200 and see_range() or nil
end
-- A worker that sends a file by itself has looked at the range.
r.req_header["Range"] = ""
