import { sweep } from '../core/delivery/sweep.ts'
import { scheduled } from './scheduled.ts'

/** Each minute: whatever is due and has no wake gets one. */
export const handler = scheduled(sweep)
