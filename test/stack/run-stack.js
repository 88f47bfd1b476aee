// Runs the real stack with the real components of sst under Pulumi's mocks, and prints what it would deploy.
// synthesize.ts bundles this into the platform, where `platform:` and `project:` are found.
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { run } from 'platform:src/auto/run.ts'
import * as sst from 'platform:src/components/index.ts'
import config from 'project:sst.config.ts'
import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'

const { STACK_STAGE: stage, STACK_ROOT: root, STACK_WORK: work } = process.env
const account = '123456789012'
const region = 'us-east-1'
const app = await config.app({ stage })
const resources = []
const builds = []
const options = new Map()

/** Of providers that sst would install: the resource with what it is given, and the names of what it gives. */
const madeElsewhere = (type, outputs) =>
  class extends pulumi.CustomResource {
    constructor(name, args, opts) {
      super(type, name, { ...Object.fromEntries(outputs.map((output) => [output, undefined])), ...args }, opts)
    }
  }

Object.assign(globalThis, {
  sst,
  aws,
  upstash: { RedisDatabase: madeElsewhere('upstash:index/redisDatabase:RedisDatabase', ['endpoint', 'restToken']) },
  neon: { Project: madeElsewhere('neon:index/project:Project', ['connectionUri', 'connectionUriPooler']) },
  $dev: false,
  $app: { ...app, stage },
  $cli: { command: 'deploy', paths: { home: work, root, work, platform: root }, state: { version: {} } },
})

/** Pulumi's mark on a value that it treats as secret. */
const secretMark = '4dabf18193072939515e22adb298388d'

function unwrapped(value) {
  if (Array.isArray(value)) return value.map(unwrapped)
  if (value === null || typeof value !== 'object') return value
  if (secretMark in value) return unwrapped(value.value)
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unwrapped(one)]))
}

/** What AWS would answer. Names that sst makes up end in chance; without that they are comparable. */
function created({ name, type, inputs }) {
  const physical = inputs.name ?? inputs.bucket ?? name
  const known = {
    'aws:sqs/queue:Queue': {
      arn: `arn:aws:sqs:${region}:${account}:${name}`,
      url: `https://sqs.${region}.amazonaws.com/${account}/${name}`,
    },
    'aws:s3/bucket:Bucket': { arn: `arn:aws:s3:::${name}`, bucket: name },
    'aws:cloudwatch/logGroup:LogGroup': { arn: `arn:aws:logs:${region}:${account}:log-group:${physical}` },
    'aws:lambda/function:Function': { arn: `arn:aws:lambda:${region}:${account}:function:${name}` },
    'aws:apigatewayv2/api:Api': {
      apiEndpoint: `https://${name}.execute-api.${region}.amazonaws.com`,
      executionArn: `arn:aws:execute-api:${region}:${account}:${name}`,
    },
    'upstash:index/redisDatabase:RedisDatabase': { endpoint: 'made.upstash.test', restToken: 'a made token' },
    'neon:index/project:Project': {
      connectionUri: 'postgresql://direct.made',
      connectionUriPooler: 'postgresql://pooled.made',
    },
    'random:index/randomBytes:RandomBytes': { base64: Buffer.alloc(32, 1).toString('base64') },
  }
  return { arn: `arn:aws:${type.split(/[:/]/)[1]}:${region}:${account}:${name}`, ...inputs, ...known[type] }
}

function answered(token, inputs) {
  if (token.endsWith('getRegion')) return { region, name: region, id: region }
  if (token.endsWith('getPartition')) return { partition: 'aws' }
  if (token.endsWith('getCallerIdentity')) return { accountId: account }
  if (token.endsWith('getPolicyDocument')) return { ...inputs, json: JSON.stringify(inputs.statements) }
  throw new Error(`the stack asks AWS for ${token}, which is not known here`)
}

await pulumi.runtime.setMocks(
  {
    newResource(args) {
      const { name, type, inputs, custom } = args
      resources.push({ name, type, custom, inputs: unwrapped(inputs) })
      return { id: `${name}-id`, state: custom ? created(args) : inputs }
    },
    call: ({ token, inputs }) => answered(token, inputs),
  },
  app.name,
  stage,
)

/** What sst's own process does for its components. */
const methods = {
  'Provider.Aws.Bootstrap': async () => ({ asset: 'sst-asset', state: 'sst-state' }),
  'Runtime.Build': async (input) => {
    builds.push(input)
    const out = join(work, input.functionID)
    await mkdir(out, { recursive: true })
    await writeFile(join(out, 'bundle.mjs'), '')
    return { handler: input.handler.split('/').at(-1), out, errors: [], sourcemaps: [] }
  },
}
const server = createServer(async (request, response) => {
  const chunks = await request.toArray()
  const { method, params } = JSON.parse(Buffer.concat(chunks).toString())
  const call = methods[method]
  response.end(JSON.stringify(call ? { result: await call(params[0]) } : { error: `rpc: can't find ${method}` }))
})
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
process.env.SST_SERVER = `http://127.0.0.1:${server.address().port}`

let outputs
await pulumi.runtime.runInPulumiStack(async () => {
  outputs = await run(async () => {
    pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
      options.set(`${type} ${name}`, opts)
      return undefined
    })
    return config.run()
  })
  return outputs
})
// resources are made as the values that they depend on come in
await pulumi.runtime.disconnect()
server.close()
for (const resource of resources) {
  const opts = options.get(`${resource.type} ${resource.name}`)
  resource.retained = opts?.retainOnDelete === true
}
await writeFile(join(work, 'stack.json'), JSON.stringify({ app, protected: outputs._protect, resources, builds }))
process.exit(0)
