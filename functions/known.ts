import type { Context } from 'aws-lambda'
import type { Caller } from '../core/access/caller.ts'
import type { RateStanding } from '../core/access/rate-limit.ts'

/** What the stack finds out about a request before its route sees it. */
export type Known = {
  /** When the request came, in ms. */
  since: number
  caller?: Caller
  /** How the limit of the caller's key stands; there is none for an admin key of the configuration. */
  limit?: RateStanding
}

/** Lambda's context, in which the stack keeps what it knows. */
export type HiveContext = Context & { known?: Known }
