const names = (
  'short long settled shortMs longMs settledMs keep outcomeMs offsetHigh offsetMedium offsetLow maxMessages maxBytes maxDead ' +
  'hopLimit outboxMax deadMs wakeGrace maxWaiters shortLife recordMax'
).split(' ')
const locals = names.join(', ')
const places = names.map(() => '(%S+)').join(' ')
const fields = names.map((name) => `${name} = ${name} + 0`).join(', ')

/** The settings, the request and the clock. Ends the script when the caller's buckets are not those of Redis's clock. */
export const settings = String.raw`-- a global is looked up by its name each time
local KEYS, ARGV, format = KEYS, ARGV, string.format
local S
do
  local ${locals} = string.match(ARGV[1], '^${places}$')
  S = {${fields}}
end
local REQUEST = ARGV[2]
local LEASE_LIMIT = 43200000
local LONGEST_LIFE = 1209600000
local clock = redis.call('TIME')
local us = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local now = math.floor(us / 1000)
-- tostring keeps 14 digits only; most numbers of a script are the same few, and looking one up is faster than writing it
local texts = {}
local function int(n)
  local text = texts[n]
  if not text then
    text = format('%.0f', n)
    texts[n] = text
  end
  return text
end
if math.floor(now / S.shortMs) ~= S.short or math.floor(now / S.longMs) ~= S.long or math.floor(now / S.settledMs) ~= S.settled then
  return {'period', int(now)}
end
`
