import * as z from 'zod/mini'
import { drainHistory } from '../core/delivery/drain-history.ts'
import { batch } from './batch.ts'

/** Writes one outbox shard into the records. */
export const handler = batch(z.object({ shard: z.int().check(z.minimum(0)) }), (hive, { shard }) =>
  drainHistory(hive, shard),
)
