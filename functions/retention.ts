import { forgetOld } from '../core/records/retention.ts'
import { scheduled } from './scheduled.ts'

/** Each hour: rows that are older than the stage keeps them are deleted. */
export const handler = scheduled(forgetOld)
