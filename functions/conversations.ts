import { agentToRead, isAdmin } from '../core/access/caller.ts'
import type { ConversationRow } from '../core/records/conversations-repository.ts'
import type { Page } from '../core/records/page.ts'
import { http, on } from './http.ts'
import { ConversationPath, ConversationQuery } from './requests/conversations.ts'
import { PageQuery } from './requests/paging.ts'

/** What agents said to each other and what became of it. */
export const handler = http({
  'GET /v1/conversations/{conversation_id}': on(
    { path: ConversationPath, query: PageQuery },
    async (hive, { path, query }, { caller }) => {
      const { conversations } = await hive.records()
      // of a conversation that others share an agent reads what it took part in: anybody can name a conversation
      const party = isAdmin(caller) ? undefined : agentToRead(caller, undefined, 'agent')
      const page = { after: query.cursor, limit: query.limit, party }
      return { body: answerable(await conversations.byConversation(path.conversation_id, page)) }
    },
  ),
  'GET /v1/conversations': on({ query: ConversationQuery }, async (hive, { query }, { caller }) => {
    const agent = agentToRead(caller, query.agent, 'agent')
    const { conversations } = await hive.records()
    return { body: answerable(await conversations.query({ ...query, agent })) }
  }),
})

/** Lambda answers at most 6 MB. Pages are smaller, unless their only message is larger by itself. */
const mostBytes = 5 * 1024 * 1024

function answerable(page: Page<ConversationRow>): object {
  const { items, next_cursor } = page
  if (items.length > 1 || Buffer.byteLength(JSON.stringify(items)) <= mostBytes) return page
  return { items: items.map((item) => ({ ...item, content: null })), next_cursor }
}
