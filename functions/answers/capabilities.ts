import * as z from 'zod'
import { page } from './page.ts'

/** What an agent says it can do. */
export const Capability = z.strictObject({
  id: z.string().regex(/^\d+$/),
  agent_name: z.string(),
  capability: z.string(),
  proficiency_level: z.int().min(1).max(10),
  description: z.string().nullable(),
  last_updated: z.iso.datetime({ offset: true }),
})

/** Of one agent by name; of all by name, the most proficient first. */
export const CapabilityPage = page(Capability)

/** How many declarations were taken back: none, if there was none. */
export const CapabilityWithdrawn = z.strictObject({ withdrawn: z.int().min(0).max(1) })
