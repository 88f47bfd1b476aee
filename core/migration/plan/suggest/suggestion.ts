import type { Draft, Drafted } from '../draft.ts'

/** What an unknown table may be, and why that is likely; or what speaks against it although much is there. */
export type Suggestion = { because: string; table: Drafted } | { but: string }

/** Undefined where nothing says so. */
export type Suggest = (draft: Draft) => Suggestion | undefined
