import { sweep } from '../core/delivery/sweep.ts'
import { warmHive } from './warm.ts'

/** Each minute: whatever is due and has no wake gets one. */
export const handler = async (): Promise<object> => sweep(warmHive())
