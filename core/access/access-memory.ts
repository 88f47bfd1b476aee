import type { ProjectedKey } from '../bus/key-projection.ts'
import type { Acting } from './acting-for.ts'
import type { KeyClaim } from './api-key.ts'
import { BoundedMap } from './bounded-map.ts'
import type { TokenBlock } from './rate-limit.ts'

/** What one function instance remembers of callers while it is warm. All of it may be forgotten at any time. */
export type AccessMemory = {
  /** What keys claim that were made here, by digest: to find that out takes longer than all else that a known caller costs. */
  claims: BoundedMap<KeyClaim>
  /** API keys by id: what Redis said of each, null for one it does not have, and until when that is believed (ms). */
  keys: BoundedMap<{ known: Promise<ProjectedKey | null>; until: number }>
  /** Requests that were granted and not made yet, by key and class of routes. */
  tokens: BoundedMap<TokenBlock>
  /** For whom operators have acted in the minute that runs, by key and kind. */
  acting: BoundedMap<Acting>
}

const mostKeys = 1_000
const mostBlocks = 2_000
const mostActing = 1_000

export function createAccessMemory(): AccessMemory {
  return {
    claims: new BoundedMap(mostKeys),
    keys: new BoundedMap(mostKeys),
    tokens: new BoundedMap(mostBlocks),
    acting: new BoundedMap(mostActing),
  }
}
