import * as z from 'zod/mini'
import { once } from '../../core/once.ts'
import { cursor } from './paging.ts'

/** Body of `POST /v1/projection/rebuild`: how many records one call brings, and where it goes on. */
export const RebuildProjection = once(() =>
  z
    .strictObject({
      limit: z._default(
        z.int().check(z.minimum(1), z.maximum(1_000), z.describe('How many records this call brings at most.')),
        500,
      ),
      cursor: cursor('The `next_cursor` of the call before.'),
    })
    .check(z.describe('How much one call brings, and where it goes on.')),
)
