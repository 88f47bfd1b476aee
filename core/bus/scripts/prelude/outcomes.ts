/** Outcomes of settled messages, which lie in buckets by the time of settlement. */
export const outcomes = String.raw`
-- Finds outcomes by sequence. groups: how many segments of each bucket are declared, from KEYS[at] on.
-- Returns them, and the answer of a script to which a bucket's segments are not declared.
local function findOutcomes(seqs, at, groups)
  local found, other = {}, nil
  local function look(key, fields)
    local values = redis.call('HMGET', key, unpack(fields))
    for i, seq in ipairs(seqs) do if values[i] then found[seq] = values[i] end end
    return tonumber(values[#seqs + 1] or 0)
  end
  for size in string.gmatch(groups, '%d+') do
    local left = {}
    for _, seq in ipairs(seqs) do if not found[seq] then left[#left + 1] = seq end end
    if #left == 0 then break end
    seqs = left
    local fields = {}
    for i, seq in ipairs(seqs) do fields[i] = seq end
    fields[#fields + 1] = 'last'
    local last = look(KEYS[at], fields)
    if last >= tonumber(size) then
      other = other or {'segments', int(now)}
      other[#other + 1] = KEYS[at]
      other[#other + 1] = last
    end
    for i = 1, math.min(last, size - 1) do look(KEYS[at + i], seqs) end
    at = at + size
  end
  return found, other
end
`
