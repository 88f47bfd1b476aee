import * as z from 'zod'
import { page } from './page.ts'

export const Capability = z
  .strictObject({
    id: z.string().regex(/^\d+$/),
    agent_name: z.string(),
    capability: z.string(),
    proficiency_level: z.int().min(1).max(10),
    description: z.string().nullable(),
    last_updated: z.iso.datetime({ offset: true }).describe('When it last became another one.'),
  })
  .describe('What an agent says it can do.')

export const CapabilityPage = page(Capability).describe('Of one agent by name; of all by name, the best first.')

export const CapabilityWithdrawn = z
  .strictObject({ withdrawn: z.int().min(0).max(1) })
  .describe('How many declarations were taken back: 0 if there was none.')
