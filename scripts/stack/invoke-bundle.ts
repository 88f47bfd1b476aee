import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type HiveConfig, parseConfig } from '../../core/config.ts'
import type { Links } from '../../core/linked-config.ts'

const runner = join(import.meta.dirname, 'run-bundle.js')

export type Invoked = {
  // biome-ignore lint/suspicious/noExplicitAny: whatever the function answers
  result: any
  /** How long importing the bundle took. */
  loadMs: number
  /** Processor time of the whole process until it had answered, of the system on its behalf too. */
  cpuMs: number
  /** From the start of the process to its end. */
  processMs: number
}

/** Gives a bundle one event in a process of its own that has Lambda's environment and nothing else. */
export async function invokeBundle(file: string, event: object, env: Record<string, string>): Promise<Invoked> {
  const folder = dirname(file)
  const given = join(folder, `${randomUUID()}.json`)
  await writeFile(given, JSON.stringify({ event, context: { awsRequestId: randomUUID(), functionName: 'bundle' } }))
  const start = performance.now()
  const { stdout } = await promisify(execFile)(process.execPath, [runner, file, given], {
    cwd: folder,
    env: { ...env, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' },
  })
  const processMs = performance.now() - start
  return { ...JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''), processMs }
}

/** API Gateway's event for a route. */
export function httpEvent(
  routeKey: string,
  options: { key: string; path?: Record<string, string>; query?: string; body?: object },
) {
  const [method, path] = routeKey.split(' ')
  return {
    version: '2.0',
    routeKey,
    rawPath: path ?? '/',
    rawQueryString: options.query ?? '',
    headers: { authorization: `Bearer ${options.key}`, 'content-type': 'application/json' },
    pathParameters: options.path,
    requestContext: {
      accountId: '000000000000',
      http: { method: method ?? 'GET', path: path ?? '/', sourceIp: '127.0.0.1', userAgent: 'test' },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
    },
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
    isBase64Encoded: false,
  }
}

/** The links with which a deployed function would have this configuration: what a stage leaves as it is has no link. */
export function linksOf(config: HiveConfig): Links {
  const { redisRestUrl, redisRestToken, databaseUrl, deliverQueueUrl, historyQueueUrl, signingRoot } = config
  const adminKeys = config.adminKeys.join(',')
  const required = {
    redisRestUrl,
    redisRestToken,
    databaseUrl,
    deliverQueueUrl,
    historyQueueUrl,
    signingRoot,
    adminKeys,
  }
  const asItIs: Record<string, unknown> = parseConfig(required)
  const changed = Object.entries(config).filter(([name, value]) => value !== undefined && value !== asItIs[name])
  return { Hive: { ...Object.fromEntries(changed), ...required } }
}
