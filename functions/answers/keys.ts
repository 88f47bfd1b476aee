import * as z from 'zod'
import { scopes } from '../../core/access/scopes.ts'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { page } from './page.ts'

const moment = z.iso.datetime({ offset: true })

/** An API key as it is shown: never its secret. */
export const Key = z.strictObject({
  id: z.string(),
  agent: AgentName.nullable(),
  scopes: z.array(z.enum(scopes)),
  replaces: z.string().nullable(),
  created_at: moment,
  expires_at: moment.nullable(),
  revoked_at: moment.nullable(),
})

/** A key that was just made, with its text: it is shown this once. */
export const NewKey = Key.extend({ key: z.string().startsWith('hive_') })

/** The key that follows another, and that other one, which ends after the overlap. */
export const RotatedKey = NewKey.extend({ replaced: Key })

export const KeyPage = page(Key)
