import { SendMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs'
import type { HiveConfig } from '../config.ts'
import type { Post } from '../post.ts'

/** Sends one message to a queue of SQS. Throws when SQS did not take it. */
export type Send = (queueUrl: string, body: string, delaySeconds: number) => Promise<void>

/** How long SQS may take for one try. */
const timeoutMs = 1_500

/**
 * The queues by AWS's own client. Most of what it would look for in files and in the network is said, and it need not load what
 * looks.
 */
export function sqsSender({ sqsEndpoint, awsRegion }: Pick<HiveConfig, 'sqsEndpoint' | 'awsRegion'>, post: Post): Send {
  const client = new SQSClient({
    region: awsRegion,
    // a lost wake costs less than a request that waits for it: whoever sends one has a caller
    maxAttempts: 2,
    retryMode: 'standard',
    defaultsMode: 'standard',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    userAgentAppId: 'agent-hive',
    authSchemePreference: [],
    requestHandler: requestHandler(post),
    ...credentials(sqsEndpoint),
    ...(sqsEndpoint === undefined ? {} : { endpoint: sqsEndpoint }),
  })
  return async (queueUrl, body, delaySeconds) => {
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, DelaySeconds: delaySeconds }))
  }
}

/**
 * AWS's own handler loads `fetch` and HTTP/2 with Node's `http`; this one is what Redis and Postgres are reached by, too.
 * SQS is only ever posted to, short JSON.
 */
function requestHandler(post: Post): NonNullable<SQSClientConfig['requestHandler']> {
  return {
    async handle({ protocol, hostname, port, path, headers, body }: HttpRequest) {
      const url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`
      // it says these itself, and the same of them
      const { host: _, 'content-length': __, ...signed } = headers
      const answer = await post(url, signed, body, timeoutMs)
      return { response: { statusCode: answer.status, headers: answer.headers, body: Buffer.from(answer.text) } }
    },
  } as unknown as NonNullable<SQSClientConfig['requestHandler']>
}

type HttpRequest = {
  protocol: string
  hostname: string
  port?: number
  path: string
  headers: Record<string, string>
  body: string | Uint8Array
}

/** A function's own credentials are in its environment for as long as it lives; elsewhere, or for a profile, AWS's client looks for some. */
function credentials(sqsEndpoint: string | undefined): Pick<SQSClientConfig, 'credentials'> {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE } = process.env
  // one that is set to nothing is none
  if (AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY && !AWS_PROFILE) {
    const session = AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}
    return { credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY, ...session } }
  }
  // an SQS that is not AWS takes any, but the client insists on some
  return sqsEndpoint === undefined ? {} : { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
}
