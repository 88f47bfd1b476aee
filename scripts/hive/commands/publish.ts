import { type Command, Option } from 'commander'
import { v7 as uuidv7 } from 'uuid'
import type { Published } from '../../../core/bus/publish.ts'
import { HiveError } from '../../../core/errors.ts'
import { parseJson } from '../../../core/protocol/json.ts'
import { given, jsonObject, numberFrom, wholeNumber } from '../arguments.ts'
import { batches } from '../batches.ts'
import type { HiveClient } from '../client.ts'
import { sheet } from '../output.ts'
import { HiveProblem, UsageError } from '../problem.ts'
import { readLines, readText } from '../read-input.ts'
import { openSession, type Session } from '../session.ts'

type PublishOptions = {
  from?: string
  to?: string
  type?: string
  body?: Record<string, unknown>
  file?: string
  batch?: string
  priority?: string
  ttl?: number
  delay?: number
  id?: string
  orderingKey?: string
  maxAttempts?: number
  lease?: number
  waitForRecipient?: boolean
  correlationId?: string
  conversationId?: string
  causationId?: string
  replyTo?: string
  metadata?: Record<string, unknown>
}

const ofOneMessage = [
  ...['from', 'to', 'type', 'body', 'file', 'priority', 'ttl', 'delay', 'id', 'orderingKey', 'maxAttempts', 'lease'],
  'waitForRecipient',
  ...['correlationId', 'conversationId', 'causationId', 'replyTo', 'metadata'],
]

export function addPublish(program: Command): void {
  program
    .command('publish')
    .description('publish one message, or a file of them')
    .option('--from <agent>', 'the sender')
    .option('--to <address>', 'the recipient: an agent, topic:<name> or capability:<name>')
    .option('--type <type>', 'message_type')
    .option('--body <json>', 'the body, a JSON object', jsonObject)
    .addOption(
      new Option('--file <file>', 'read the body from a file (- or no flag at all: from stdin)').conflicts('body'),
    )
    .option('--priority <priority>', 'LOW, MEDIUM, HIGH or CRITICAL (1 to 4); the hive’s default is MEDIUM')
    .option('--ttl <seconds>', 'how long it may live, delay included', wholeNumber(1, 1_209_600))
    .option('--delay <seconds>', 'hold it back for so long', numberFrom(0, 1_209_600))
    .option('--id <id>', 'message_id; the same id and content again is published once')
    .option('--ordering-key <key>', 'deliver the messages of this key one after another')
    .option('--max-attempts <n>', 'deliveries before it is a dead letter', wholeNumber(1, 100))
    .option('--lease <seconds>', 'how long a receiver has for it', wholeNumber(1, 43_200))
    .option('--wait-for-recipient', 'to a capability: wait for an agent that has it')
    .option('--correlation-id <id>', 'what it belongs to')
    .option('--conversation-id <uuid>', 'the conversation it is recorded under')
    .option('--causation-id <id>', 'the message it answers')
    .option('--reply-to <agent>', 'where answers go')
    .option('--metadata <json>', 'a JSON object kept with it', jsonObject)
    .addOption(
      new Option('--batch <file>', 'publish a file of messages, one JSON object a line (- is stdin)').conflicts(
        ofOneMessage,
      ),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ hive publish --from planner --to builder --type task --body '{"build":"web"}'
  $ echo '{"build":"web"}' | hive publish --from planner --to builder --type task --priority high --ttl 600
  $ hive publish --from planner --to builder --type task --file task.json --id build-web-42
  $ hive publish --batch messages.ndjson`,
    )
    .action(async (options: PublishOptions, command: Command) => {
      if (options.batch !== undefined) return publishFile(openSession(command), options.batch)
      const message = await messageOf(options)
      await publishOne(openSession(command), message)
    })
}

async function publishOne({ client, out }: Session, message: object): Promise<void> {
  const published = await client.publish(message)
  out.answer(published, () =>
    sheet({
      message_id: published.message_id,
      from: published.from_agent,
      to: published.to_agent,
      'routed to': published.routed_to,
      subscribers: published.recipients,
      status: published.status,
      accepted: published.accepted_at,
      duplicate: published.duplicate ? 'yes: it had been published before' : undefined,
    }),
  )
}

/** The message that the flags describe. It always has an id, so that a lost answer can safely be asked for again. */
async function messageOf(options: PublishOptions): Promise<Record<string, unknown>> {
  const missing = (['from', 'to', 'type'] as const).filter((flag) => !options[flag]).map((flag) => `--${flag}`)
  if (missing.length > 0) throw new UsageError(`a message needs ${missing.join(' and ')}`)
  const deliveryOptions = given({
    delay_seconds: options.delay,
    max_attempts: options.maxAttempts,
    lease_seconds: options.lease,
    ordering_key: options.orderingKey,
    wait_for_recipient: options.waitForRecipient,
  })
  return given({
    version: 1,
    message_id: options.id ?? uuidv7(),
    from_agent: options.from,
    to_agent: options.to,
    message_type: options.type,
    priority: readPriority(options.priority),
    timestamp: new Date().toISOString(),
    ttl: options.ttl,
    body: options.body ?? (await readBody(options.file)),
    delivery_options: Object.keys(deliveryOptions).length > 0 ? deliveryOptions : undefined,
    correlation_id: options.correlationId,
    conversation_id: options.conversationId,
    causation_id: options.causationId,
    reply_to: options.replyTo,
    metadata: options.metadata,
  })
}

const readPriority = (text: string | undefined) => (text !== undefined && /^\d+$/.test(text) ? Number(text) : text)

async function readBody(file: string | undefined): Promise<Record<string, unknown>> {
  if (file === undefined && process.stdin.isTTY)
    throw new UsageError('a message needs --body, --file, or a body on stdin')
  const text = await readText(file ?? '-')
  if (text.trim() === '')
    throw new UsageError(file === undefined ? 'no --body, and nothing on stdin' : `${file} is empty`)
  try {
    return jsonObject(text)
  } catch (error) {
    throw new UsageError(`the body from ${file ?? 'stdin'} is wrong: ${error instanceof Error ? error.message : error}`)
  }
}

type NumberedMessage = { line: number; message: unknown }

async function publishFile({ client, out }: Session, file: string): Promise<void> {
  const done = { messages: 0, published: 0, duplicates: 0, batches: 0 }
  const startedAt = performance.now()
  for await (const batch of batches(readMessages(file), ({ message }) => message)) {
    const results = await publishBatch(client, batch).catch((error: unknown) => {
      if (done.messages > 0) out.note(`${done.messages} messages were published before this`)
      throw error
    })
    const duplicates = results.filter(({ duplicate }) => duplicate).length
    done.messages += results.length
    done.duplicates += duplicates
    done.published += results.length - duplicates
    done.batches++
  }
  const seconds = (performance.now() - startedAt) / 1000
  out.answer(done, () =>
    sheet({
      messages: done.messages,
      published: done.published,
      duplicates: done.duplicates,
      rate:
        done.messages === 0 ? undefined : `${Math.round(done.messages / seconds)} a second, ${done.batches} batches`,
    }),
  )
}

async function* readMessages(file: string): AsyncGenerator<NumberedMessage> {
  for await (const { number, text } of readLines(file)) {
    try {
      yield { line: number, message: withId(parseJson(text)) }
    } catch (error) {
      if (error instanceof HiveError) throw new UsageError(`line ${number} of ${file}: ${error.message}`)
      throw error
    }
  }
}

/** Gives a message without an id one, so that a lost answer can safely be asked for again. Every shape has a place for it. */
function withId(message: unknown): unknown {
  return typeof message === 'object' && message !== null && !('message_id' in message)
    ? { ...message, message_id: uuidv7() }
    : message
}

async function publishBatch(client: HiveClient, batch: NumberedMessage[]): Promise<Published[]> {
  const messages = batch.map(({ message }) => message)
  try {
    return await client.publishBatch(messages)
  } catch (error) {
    throw error instanceof HiveProblem ? namingLines(error, batch) : error
  }
}

/** `messages[3].to_agent` of a batch means nothing to whoever wrote the file: its line does. */
function namingLines(problem: HiveProblem, batch: NumberedMessage[]): HiveProblem {
  const errors = problem.errors.map((error) => {
    const [, index, rest = ''] = /^messages\[(\d+)\](?:\.(.*))?$/.exec(error.field) ?? []
    const line = index === undefined ? undefined : batch[Number(index)]?.line
    return line === undefined ? error : { ...error, field: `line ${line}${rest === '' ? '' : ` ${rest}`}` }
  })
  return new HiveProblem({ ...problem.document, errors }, problem.retryAfter)
}
