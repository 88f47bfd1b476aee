import { singular, wordList, wordSet, wordsOf } from './name-words.ts'

/**
 * What a column of moments says of its row: when it happened (`event`, `stamp`, `deed`, `plain`, `done` for a deed that is not
 * known), when that was written down (`note`, `created`, `stored`), when it began, or when the row was changed last. A number may
 * also be how long it took (`vague`).
 */
export type TimeSense =
  | 'event'
  | 'stamp'
  | 'deed'
  | 'note'
  | 'plain'
  | 'created'
  | 'stored'
  | 'done'
  | 'begun'
  | 'vague'
  | 'changed'

/** From what says best when something happened to what says it least. A change is none: the row was there before. */
export const happened = [
  'event',
  'stamp',
  'deed',
  'note',
  'plain',
  'created',
  'stored',
  'done',
  'begun',
  'vague',
] as const satisfies TimeSense[]

const stamps = wordList('timestamp datetime ts epoch stamp')
const plainWords = wordList('time at when date on day moment instant dt t')
const units = wordList('ms us ns s sec secs millis micros nanos seconds milliseconds microseconds nanoseconds')
/** Words that add nothing about what happened. */
const neutral = wordList('utc gmt local unix iso server client system tz the of')

/** Times of something else than what a row tells: of what is to come, of its end, of what was before, of a person. */
const elsewhere = wordSet(
  `thread parent expire expires expired expiry expiration exp valid validity due deadline schedule scheduled plan planned next last
     latest previous prev prior first end ended finish finished complete completed completion stop stopped close closed
     resolve resolved resolution acknowledge acknowledged ack birth born dob delete deleted remove removed archive
     archived revoked granted grant cancelled canceled effective until since target estimated eta expected predicted
     forecast elapsed renewal renew retry read delivered viewed review reviewed approved synced sync refreshed cached
     hired hire joined registered founded released`,
)

const senses: Record<Exclude<TimeSense, 'done' | 'vague'>, string[]> = {
  event: wordList('event occurred happened occurrence'),
  stamp: stamps,
  deed: wordList(
    `performed executed measured measurement sampled sample detected detection discovered observed observation raised triggered
     fired sent send said taken captured polled scraped seen attempted published posted emitted action activity message msg
     alert incident metric reading audit probed snapshot capture heartbeat evaluation`,
  ),
  note: wordList('recorded record logged log reported report collected collection received noted entry entered'),
  plain: plainWords,
  created: wordList('created creation create'),
  stored: wordList('inserted insert added stored saved ingested imported written'),
  begun: wordList('started start begun began begin'),
  changed: wordList(
    'updated update modified modification modify edited edit changed change lastupdated lastmodified mtime',
  ),
}
const senseOf = new Map(
  Object.entries(senses).flatMap(([sense, words]) => words.map((word) => [word, sense as TimeSense] as const)),
)
/** What takes its time. */
const processes = wordSet(
  `detection discovery observation measurement sample action activity reading audit collection report send insert create entry
     snapshot capture heartbeat evaluation`,
)
const particles = new Set([...stamps, ...plainWords])

/** `createdat` and `eventtime` have no mark between their words. */
function apart(word: string): string[] {
  if (senseOf.has(word) || elsewhere.has(word)) return [word]
  for (const particle of ['timestamp', 'time', 'date', 'at', 'on', 'ts']) {
    const before = word.slice(0, -particle.length)
    if (word.endsWith(particle) && (senseOf.has(before) || elsewhere.has(before))) return [before, particle]
  }
  return [word]
}

/**
 * What the name of a column of moments says of them; undefined where it says something else than when its row happened, or
 * nothing. Numbers called `response_time` are durations as well as moments: of such names only known ones are taken.
 */
export function timeSense(name: string, table: string, areNumbers: boolean): TimeSense | undefined {
  const all = wordsOf(name).flatMap(apart)
  const said = all.filter((word) => !neutral.includes(word) && !units.includes(word))
  const about = said.filter((word) => !particles.has(word))
  const [last = ''] = said.slice(-1)
  // send_at is yet to come
  if (last === 'at' && about.includes('send')) return undefined
  // a duration: time_ms
  if (all.some((word) => units.includes(word)) && about.length === 0 && !said.some((word) => stamps.includes(word)))
    return undefined
  if (about.some((word) => senseOf.get(word) === 'changed')) {
    const others = about.filter((word) => senseOf.get(word) !== 'changed' && word !== 'last')
    return others.length === 0 ? 'changed' : undefined
  }
  if (about.some((word) => elsewhere.has(word))) return undefined
  if (about.length === 0) {
    if (said.length === 0) return undefined
    if (said.some((word) => stamps.includes(word))) return 'stamp'
    return areNumbers && last === 'time' && said.length === 1 ? 'vague' : 'plain'
  }
  const ofTable = new Set(wordsOf(table).map(singular))
  const found = about.map((word) => {
    const sense = senseOf.get(word)
    if (sense !== undefined) return sense
    if (areNumbers && last === 'time') return undefined
    if (ofTable.has(singular(word)) && particles.has(last)) return 'deed'
    return (/ed$/.test(word) && particles.has(last)) || stamps.includes(last) ? 'done' : undefined
  })
  if (found.includes(undefined)) return undefined
  if (areNumbers && last === 'time' && about.some((word) => processes.has(word))) return 'vague'
  // created_event_time says when the event was created
  return happened.findLast((sense) => found.includes(sense))
}
