import * as z from 'zod'

/**
 * What became of a message for one recipient. `pending` until it ends in exactly one of the others;
 * `failed` is reopened by a redrive and becomes `discarded` when an operator throws the dead letter away.
 */
export const Status = z.enum(['pending', 'delivered', 'failed', 'expired', 'discarded'])
export type Status = z.output<typeof Status>
