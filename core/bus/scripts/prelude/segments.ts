/** Buckets that go on in further segments; core/bus/segments.ts names their keys in the same way. */
export const segments = String.raw`
local function segment(bucket, index) return index == 0 and bucket or bucket .. ':' .. index end

-- About what an entry of a hash takes, besides its texts.
local ENTRY = 90
local function weigh(list)
  local bytes = 0
  for i = 1, #list do bytes = bytes + #list[i] end
  return bytes + #list / 2 * ENTRY
end
`
