import { codeOf } from '../errors.ts'
import type { Hive } from '../hive.ts'
import { BoundedMap } from './bounded-map.ts'

/** What counts as a security event, and how severe it is. */
const severities = {
  'auth.failed': 'medium',
  'endpoint.blocked': 'high',
  'loop.detected': 'medium',
  'scope.violation': 'high',
  'rate.limited': 'low',
} as const

export type SecurityEventType = keyof typeof severities

export type NewSecurityEvent = {
  type: SecurityEventType
  /** Whose it is, a key or an agent that the hive knows: what others do does not hide it. Absent for strangers. */
  of?: string | undefined
  description: string
  /** More about it; never a key, a secret or a body. */
  metadata?: object
}

/** Events of one type and one origin that a warm function writes in a minute at most, and that all of them write together. */
const mostHere = 10
const mostEverywhere = 100
/** Origins that a function tells apart at once: only keys that were issued here are any. */
const mostOrigins = 1_000
/** How long a caller waits for its event to be written. */
const patienceMs = 1_000

type Sample = { minute: number; written: number; dropped: number }

const samples = new WeakMap<Hive['access'], BoundedMap<Sample>>()

/**
 * Writes a security event, unless there were many of its type and origin in this minute: attacks must not fill the table, nor slow
 * down what is refused. The next one that is written says in `unrecorded` how many were left out here before it. Never
 * throws: a failure to write is logged with the event.
 */
export async function recordSecurityEvent(hive: Hive, event: NewSecurityEvent): Promise<void> {
  const { type, of, description, metadata } = event
  const sample = sampleOf(hive, `${type} ${of ?? ''}`)
  if (sample.written >= mostHere) {
    sample.dropped += 1
    return
  }
  sample.written += 1
  const unrecorded = sample.dropped === 0 ? {} : { unrecorded: sample.dropped }
  sample.dropped = 0
  const row = {
    event_type: type,
    severity: severities[type],
    description,
    metadata: { ...metadata, ...(of === undefined ? {} : { of }), ...unrecorded },
    timestamp: new Date(hive.clock.now()).toISOString(),
  }
  const writing = hive
    .records()
    .then(({ securityEvents }) => securityEvents.record([row], { most_per_minute: mostEverywhere }))
    .catch((error: unknown) => {
      hive.log.error('security event not written', { event: row, code: codeOf(error) })
    })
  const patience = new AbortController()
  await Promise.race([writing, hive.clock.sleep(patienceMs, patience.signal).catch(() => {})])
  patience.abort()
}

/** What happened of one kind in the minute that runs; what was left out is carried over from the one before. */
function sampleOf(hive: Hive, kind: string): Sample {
  const minute = Math.floor(hive.clock.now() / 60_000)
  const ofHive = samples.get(hive.access) ?? new BoundedMap<Sample>(mostOrigins)
  samples.set(hive.access, ofHive)
  let sample = ofHive.get(kind)
  if (sample?.minute !== minute) {
    sample = { minute, written: 0, dropped: sample?.dropped ?? 0 }
    ofHive.set(kind, sample)
  }
  return sample
}
