import { faultKinds } from '../../scripts/local/upstash/faults.ts'
import { createRandom, type Random } from '../random.ts'
import { noQueueFaults, type QueueFaults } from './faulty-queues.ts'

/** One fault of a schedule. `atMs` after the beginning of a run; those with `ms` last so long. */
export type Fault = { atMs: number } & (
  | { kind: 'redis killed'; ms: number }
  | { kind: 'postgres killed'; ms: number }
  | { kind: 'redis slow'; ms: number; latencyMs: number }
  | { kind: 'redis refuses or drops'; how: (typeof faultKinds)[number]; times: number }
  | { kind: 'postgres slow'; ms: number; latencyMs: number }
  | { kind: 'postgres refuses'; status: number; times: number }
  | { kind: 'postgres answers lost'; times: number }
  | { kind: 'queue unreliable'; ms: number; faults: QueueFaults }
  | { kind: 'functions killed'; which: number; skewMs: number }
  | { kind: 'functions frozen'; which: number; ms: number }
)

/** How long the work of a run goes on at least, and so how long faults happen. */
export const workMs = 3_000

const rare = ['redis killed', 'postgres killed', 'functions killed', 'functions frozen'] as const
const frequent = [
  'redis slow',
  'redis refuses or drops',
  'redis refuses or drops',
  'redis refuses or drops',
  'postgres slow',
  'postgres refuses',
  'postgres answers lost',
  'queue unreliable',
  'queue unreliable',
] as const

/** The faults of a run, by time: the same for the same seed. */
export function planFaults(seed: number): Fault[] {
  const random = createRandom(seed).fork('faults')
  const kinds: Fault['kind'][] = [
    ...Array.from({ length: random.int(1, 2) }, () => random.pick(rare)),
    ...Array.from({ length: random.int(6, 14) }, () => random.pick(frequent)),
  ]
  return kinds.map((kind) => planFault(random, kind)).sort((a, b) => a.atMs - b.atMs)
}

function planFault(random: Random, kind: Fault['kind']): Fault {
  const atMs = random.int(100, workMs - 200)
  switch (kind) {
    case 'redis killed':
    case 'postgres killed':
      return { atMs, kind, ms: random.int(0, 400) }
    case 'functions killed':
      return { atMs, kind, which: random.int(0, 1), skewMs: random.int(-120_000, 120_000) }
    case 'functions frozen':
      return { atMs, kind, which: random.int(0, 1), ms: random.int(200, 2_000) }
    case 'redis slow':
    case 'postgres slow':
      return { atMs, kind, ms: random.int(100, 600), latencyMs: random.int(5, 120) }
    case 'redis refuses or drops':
      return { atMs, kind, how: random.pick(faultKinds), times: random.int(1, 12) }
    case 'postgres refuses':
      return { atMs, kind, status: random.pick([429, 500, 503, 507]), times: random.int(1, 6) }
    case 'postgres answers lost':
      return { atMs, kind, times: random.int(1, 6) }
    case 'queue unreliable': {
      const faults = { ...noQueueFaults, lateMs: random.int(20, 600) }
      for (const fault of ['refuse', 'loseAnswer', 'duplicate', 'late'] as const) {
        faults[fault] = random.chance(0.6) ? random.next() * 0.7 : 0
      }
      return { atMs, kind, ms: random.int(300, 1_500), faults }
    }
  }
}
