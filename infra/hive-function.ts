import * as queues from './queues.ts'
import { secrets } from './secrets.ts'
import { hiveSettings, settings } from './stage.ts'

/** What every function is told besides secrets; core/linked-config.ts reads it. */
const hive = new sst.Linkable('Hive', {
  properties: { ...hiveSettings, awsRegion: aws.getRegionOutput().region },
})

/** What a function has that others have not. */
export type Extras = {
  permissions?: sst.aws.FunctionPermissionArgs[]
  link?: (sst.Linkable<object> | sst.Secret)[]
  /** MB. */
  memory?: number
  /** Of its own, for files, in GB. */
  storage?: number
  /** How often Lambda starts it again after it threw, where nobody waits for its answer. */
  retries?: number
}

/**
 * A function of functions/, `file` without its ending. It may write its own logs, send wakes and do what `extras` say, and
 * nothing else.
 */
export function hiveFunction(
  file: string,
  timeoutSeconds: number,
  { permissions = [], link = [], memory = settings.memory, storage, retries }: Extras = {},
): sst.aws.Function {
  const name = functionName(file)
  const logs = new aws.cloudwatch.LogGroup(`${name}Logs`, {
    name: `/aws/lambda/${$app.name}-${$app.stage}-${file}`,
    retentionInDays: settings.logDays,
  })
  return new sst.aws.Function(name, {
    handler: `functions/${file}.handler`,
    runtime: 'nodejs24.x',
    architecture: 'arm64',
    memory: `${memory} MB`,
    ...(storage === undefined ? {} : { storage: `${storage} GB` }),
    ...(retries === undefined ? {} : { retries }),
    timeout: `${timeoutSeconds} seconds`,
    link: [hive, ...secrets, queues.deliver.link, queues.history.link, ...link],
    permissions: [
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [$interpolate`${logs.arn}:*`] },
      ...(settings.tracing ? [tracing] : []),
      ...permissions,
    ],
    nodejs: {
      minify: true,
      // chunks keep what is behind an import() out of the way of a cold start
      splitting: true,
      // sst would compile pg-native, which is never loaded, on the machine that deploys; names of functions are 8 % of a bundle
      esbuild: { external: ['pg-native'], keepNames: false },
    },
    logging: { format: 'json', logGroup: logs.name },
    transform: {
      function: (args) => {
        args.tracingConfig = { mode: settings.tracing ? 'Active' : 'PassThrough' }
      },
      role: (args) => {
        // AWS's own policy would let it write every log of the account
        args.managedPolicyArns = []
      },
    },
  })
}

/** X-Ray knows no resources to limit this to. */
const tracing = { actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], resources: ['*'] }

/** `dead-letters` becomes `DeadLetters`. */
export function functionName(file: string): string {
  return file.replace(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase())
}
