# Ruby's net/http with set_form.
require "json"
require "net/http"

API = URI(ENV.fetch("CDN_URL") + "/api/v4/")
HTTP = Net::HTTP.start(API.host, API.port)

def ask(request)
  request["Authorization"] = "Bearer " + ENV.fetch("CDN_KEY")
  yield request if block_given?
  HTTP.request(request)
end

path = ARGV.fetch(0)
name = File.basename(path)
answer = File.open(path, "rb") do |file|
  ask(Net::HTTP::Post.new(API + "upload")) do |request|
    request.set_form([["file", file, { filename: name }]], "multipart/form-data")
  end
end
abort answer.body unless answer.code == "201"
file = JSON.parse(answer.body)
abort "another name: #{file}" unless file["filename"] == name

url = URI(file["url"])
abort "other bytes came back" unless Net::HTTP.get(url) == File.binread(path)
list = ask(Net::HTTP::Get.new(API + "uploads"))
abort "not in the list" unless JSON.parse(list.body)["uploads"].include?(file)
answer = ask(Net::HTTP::Delete.new(API + "upload/#{file['id']}"))
abort answer.body unless answer.code == "200" && JSON.parse(answer.body)["deleted"]
abort "still there" unless Net::HTTP.get_response(url).code == "404"
puts "OK"
