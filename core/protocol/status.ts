import * as z from 'zod/mini'

/**
 * What became of a message for one recipient. `pending` until it ends in exactly one of the others;
 * `failed` is reopened by a redrive and becomes `discarded` when an operator throws the dead letter away.
 */
export const Status = z
  .enum(['pending', 'delivered', 'failed', 'expired', 'discarded'])
  .check(z.describe('`pending` until it ends in one of the others; a redrive takes `failed` back to `pending`.'))
export type Status = z.output<typeof Status>
