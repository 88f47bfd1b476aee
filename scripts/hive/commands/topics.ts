import type { Command } from 'commander'
import { given, wholeNumber } from '../arguments.ts'
import { sheet, table } from '../output.ts'
import { openSession } from '../session.ts'

type PageOptions = { limit: number; cursor?: string }

export function addTopics(program: Command): void {
  const topics = program.command('topics').description('who gets what is published to topic:<name>')

  topics
    .command('subscribe <topic> <agent>')
    .description('subscribe an agent, or change which message types it wants')
    .option('--type <type...>', 'only messages of these types; every type if not told')
    .addHelpText(
      'after',
      '\nExamples:\n  $ hive topics subscribe releases builder\n  $ hive topics subscribe releases builder --type release rollback',
    )
    .action(async (topic: string, agent: string, { type }: { type?: string[] }, command: Command) => {
      const { client, out } = openSession(command)
      const subscription = await client.subscribe(topic, agent, given({ message_types: type }))
      out.answer(subscription, () =>
        sheet({
          topic: subscription.topic,
          agent: subscription.agent_name,
          types: subscription.message_types?.join(' ') ?? 'every type',
          since: subscription.created_at,
        }),
      )
    })

  topics
    .command('unsubscribe <topic> <agent>')
    .description('end a subscription')
    .addHelpText('after', '\nExample:\n  $ hive topics unsubscribe releases builder')
    .action(async (topic: string, agent: string, _options: unknown, command: Command) => {
      const { client, out } = openSession(command)
      const answer = await client.unsubscribe(topic, agent)
      out.answer(answer, () => (answer.unsubscribed === 1 ? 'unsubscribed' : 'there was no such subscription'))
    })

  paged(topics.command('list').description('topics with subscribers, by name'))
    .addHelpText('after', '\nExample:\n  $ hive topics list')
    .action(async (options: PageOptions, command: Command) => {
      const { client, out } = openSession(command)
      const page = await client.listTopics(given(options))
      const rows = page.items.map(({ topic, subscribers }) => [topic, subscribers])
      out.answer(page, () => (rows.length === 0 ? 'no topics' : table(['TOPIC', 'SUBSCRIBERS'], rows)))
      if (page.next_cursor) out.note(`more: --cursor ${page.next_cursor}`)
    })

  paged(topics.command('subscribers <topic>').description('who has subscribed to a topic, by name'))
    .addHelpText('after', '\nExample:\n  $ hive topics subscribers releases')
    .action(async (topic: string, options: PageOptions, command: Command) => {
      const { client, out } = openSession(command)
      const page = await client.listSubscribers(topic, given(options))
      const rows = page.items.map((item) => [
        item.agent_name,
        item.message_types?.join(' ') ?? 'every',
        item.created_at,
      ])
      out.answer(page, () => (rows.length === 0 ? 'no subscribers' : table(['AGENT', 'TYPES', 'SINCE'], rows)))
      if (page.next_cursor) out.note(`more: --cursor ${page.next_cursor}`)
    })

  paged(topics.command('of <agent>').description('what an agent has subscribed to, by topic'))
    .addHelpText('after', '\nExample:\n  $ hive topics of builder')
    .action(async (agent: string, options: PageOptions, command: Command) => {
      const { client, out } = openSession(command)
      const page = await client.listSubscriptions(agent, given(options))
      const rows = page.items.map((item) => [item.topic, item.message_types?.join(' ') ?? 'every', item.created_at])
      out.answer(page, () => (rows.length === 0 ? 'no subscriptions' : table(['TOPIC', 'TYPES', 'SINCE'], rows)))
      if (page.next_cursor) out.note(`more: --cursor ${page.next_cursor}`)
    })
}

function paged(command: Command): Command {
  return command
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1000), 100)
    .option('--cursor <cursor>', 'go on after an earlier page')
}
