import type { ConversationQuery, ConversationRow } from '../conversations-repository.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import type { Page } from '../page.ts'
import { newestFilter, newestFirst } from './filter.ts'
import { type Paged, pagedSelect, pageOf } from './page-of.ts'
import { encodePosition } from './position.ts'
import {
  type ConversationStored,
  conversationBytes,
  conversationColumns,
  toConversationRow,
} from './read-conversations.ts'

/** Reads messages newest first: all, those of an agent, those between two, and of these those with some words. */
export async function queryConversations(run: RunStatement, query: ConversationQuery): Promise<Page<ConversationRow>> {
  const { agent, with: other, search, limit } = query
  const { values, conditions, bind, where } = newestFilter('conversations', query)
  if (search !== undefined) {
    conditions.push(
      `conversation_words(content) @@ websearch_to_tsquery('pg_catalog.simple', ${bind(storable(search))})`,
    )
  }
  const most = `${bind(limit + 1)}::int`
  const select = (...own: string[]) =>
    `SELECT ${conversationColumns} FROM agent_conversations ${where(...own)} ORDER BY ${newestFirst} LIMIT ${most}`
  const rows = await run<ConversationStored & Paged>(pagedSelect(selection(), newestFirst, conversationBytes), values)
  return pageOf(rows, limit, toConversationRow, (row) => encodePosition('conversations', row))

  function selection(): string {
    if (agent === undefined) return select()
    const one = bind(agent)
    if (other !== undefined) {
      const two = bind(other)
      return select(
        `least(from_agent, to_agent) = least(${one}::text COLLATE "C", ${two}::text COLLATE "C")`,
        `greatest(from_agent, to_agent) = greatest(${one}::text COLLATE "C", ${two}::text COLLATE "C")`,
      )
    }
    // the words are looked up once
    if (search !== undefined) return select(`(from_agent = ${one} OR to_agent = ${one})`)
    // each index has its rows in order: the newest of both
    const sent = select(`from_agent = ${one}`)
    const received = select(`to_agent = ${one}`, `from_agent <> ${one}`)
    return `SELECT * FROM ((${sent}) UNION ALL (${received})) both_ways ORDER BY ${newestFirst} LIMIT ${most}`
  }
}

/** What text of Postgres cannot hold is in no word. */
function storable(search: string): string {
  return search.toWellFormed().replaceAll('\0', ' ')
}
