/**
 * The outbox: what history has yet to write, as stream entries of (kind, value) pairs: an acceptance with sequence and
 * recipient in its kind, so that an envelope is the value as it is, or the status of a message.
 */
export const outbox = String.raw`
local OUTBOX_ENTRY = 1048576

-- Appends events (kind, value, …) to an outbox shard in entries of at most 1 MiB.
local function append(outbox, events)
  local from, size = 1, 0
  for i = 1, #events, 2 do
    local length = #events[i + 1]
    if i > from and (size + length > OUTBOX_ENTRY or i - from >= 2000) then
      redis.call('XADD', outbox, '*', unpack(events, from, i - 1))
      from, size = i, 0
    end
    size = size + length
  end
  if #events > 0 then redis.call('XADD', outbox, '*', unpack(events, from, #events)) end
end

local function sizeOf(events)
  local size = 0
  for i = 2, #events, 2 do size = size + #events[i] end
  return size
end
`
