-- ARGV: id. The record, or nil.
return find(ARGV[1])
