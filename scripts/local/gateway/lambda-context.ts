import type { Context } from 'aws-lambda'

/** The context that Lambda gives a function for one invocation, which may take `timeoutMs`. */
export function lambdaContext(functionName: string, awsRequestId: string, timeoutMs: number): Context {
  const end = performance.now() + timeoutMs
  return {
    awsRequestId,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
    memoryLimitInMB: '512',
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(end - performance.now())),
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  }
}
