// Loaded before a command, makes the packages look absent that only some users install.
import { register } from 'node:module'

const hook = `export async function resolve(name, context, next) {
  if (name !== 'pg' && name !== '@opentelemetry/api' && !name.startsWith('@aws-sdk/')) return await next(name, context)
  throw Object.assign(new Error('Cannot find package ' + name), { code: 'ERR_MODULE_NOT_FOUND' })
}`

register(`data:text/javascript,${encodeURIComponent(hook)}`)
