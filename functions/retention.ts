import { forgetOld } from '../core/records/retention.ts'
import { warmHive } from './warm.ts'

/** Each hour: rows that are older than the stage keeps them are deleted. */
export const handler = async (): Promise<object> => forgetOld(warmHive())
