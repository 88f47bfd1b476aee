import * as z from 'zod'
import { scopes } from '../../core/access/scopes.ts'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { page } from './page.ts'

const moment = z.iso.datetime({ offset: true })
const text = z.string().startsWith('hive_').describe('The key itself. Shown only here, when it was made.')

/** An API key as it is shown: never its secret. */
export const Key = z
  .strictObject({
    id: z.string(),
    agent: z.nullable(AgentName()).describe('Whose it is; null for the key of an operator.'),
    scopes: z.array(z.enum(scopes)),
    replaces: z.string().nullable().describe('The id of the key that it follows.'),
    created_at: moment,
    expires_at: moment.nullable(),
    revoked_at: moment.nullable(),
  })
  .describe('An API key, without its secret.')

/** A key that was just made, with its text: it is shown this once. */
export const NewKey = Key.extend({ key: text }).describe('A new API key.')

/** The key that follows another, and that other one, which ends after the overlap. */
export const RotatedKey = NewKey.extend({ replaced: Key }).describe('A new API key, and the one that it follows.')

export const KeyPage = page(Key).describe('API keys by id.')
