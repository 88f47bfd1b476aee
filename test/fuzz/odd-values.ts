import type { Random } from '../random.ts'

const texts = [
  '',
  ' ',
  '\0',
  'nul\0inside',
  '\ud800',
  '\udc00\ud800',
  '\u200b',
  '\u2028',
  '\ufeff',
  '\r\n',
  '{bob}',
  '}{',
  'hive:local:x',
  'topic:',
  'capability:',
  'topic:topic:x',
  'topic:news',
  'capability:build',
  '../..',
  '%00',
  '%2e%2e%2f',
  "'; DROP TABLE agents; --",
  '" OR 1=1',
  '$1',
  '{{7*7}}',
  '<script>',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  'Infinity',
  '1e400',
  '-0',
  '0x10',
  '9007199254740993',
  '99999999999999999999999999',
  '2026-02-30T00:00:00Z',
  '2026-01-01T00:00:00',
  '+275760-09-13T00:00:00.000Z',
  '-000001-01-01T00:00:00Z',
  '0000-00-00T00:00:00Z',
  '1969-12-31T23:59:59.999999999+14:00',
  '00000000-0000-0000-0000-000000000000',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
  'http://127.0.0.1:1/',
  'http://169.254.169.254/latest/meta-data',
  'https://user:pass@example.com/',
  'file:///etc/passwd',
  'https://[::1]:443/',
  'whsec_',
  'MA',
  'W10',
  'é',
  'e\u0301',
  '𝒳'.repeat(64),
]
const numbers = [
  0, -0, -1, 1, 0.1, 1.5, 1e-9, 5e-324, 255, 256, 65_536, 2_147_483_648, 4_294_967_296, 9_007_199_254_740_991, 1e15,
  1e21, 1e300, -1e300, 1.7976931348623157e308,
]

/** A value that somebody may send, and hardly anybody should. */
export function oddValue(random: Random, depth = 0): unknown {
  const kind = random.int(0, 9)
  if (kind <= 2) return random.pick(texts)
  if (kind === 3) return random.pick(numbers)
  if (kind === 4) return random.pick([null, true, false])
  if (kind === 5) return random.pick(['x', 'é', '\u200b', 'ab ']).repeat(random.pick([127, 128, 129, 500, 5_000]))
  if (kind === 6 && depth < 3) return Array.from({ length: random.int(0, 4) }, () => oddValue(random, depth + 1))
  if (kind === 7 && depth < 3) {
    return Object.fromEntries(
      Array.from({ length: random.int(0, 4) }, () => [oddText(random), oddValue(random, depth + 1)]),
    )
  }
  if (kind === 8) return nested(random.pick([20, 99, 101, 128, 129, 2_000]))
  return random.int(-1_000_000, 1_000_000)
}

export const oddText = (random: Random): string => random.pick(texts)

function nested(levels: number): unknown {
  let value: unknown = 'deep'
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}
