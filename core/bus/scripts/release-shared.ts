import type { BusScript } from '../bus.ts'

/**
 * Takes an inbox off the holders of shared envelopes, and deletes each that it was the last to hold. Needs no settings,
 * so it goes without the prelude.
 *
 * KEYS  per envelope 2: its holders, the envelope
 * ARGV[3] the inbox   [4] 1 for a relay, whose message may end before any recipient holds the envelope
 * Answers {'ok', ''}
 */
export const releaseSharedScript: BusScript = {
  name: 'release-shared',
  source: String.raw`#!lua flags=allow-key-locking
for i = 1, #KEYS, 2 do
  local held = redis.call('SREM', KEYS[i], ARGV[3]) == 1
  -- a relay holds it from the first recipient to the last, so that without holders there was none
  if held or ARGV[4] == '1' then
    if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('DEL', KEYS[i + 1]) end
  end
end
return {'ok', ''}
`,
}
