/** What a body asks: its messages as text, or its text; the body itself where it has neither. */
export function promptOf(body: string): string {
  const { input, instructions, messages, prompt, suffix } = JSON.parse(body) as Readonly<Record<string, unknown>>
  if (Array.isArray(messages)) return messages.map(messageText).join('\n')
  const before = typeof instructions === 'string' ? `instructions: ${instructions}\n` : ''
  if (typeof input === 'string') return `${before}${input}`
  if (typeof prompt !== 'string') return body
  return typeof suffix === 'string' ? `${prompt}[…]${suffix}` : prompt
}

function messageText(message: unknown): string {
  const { content, role } = message as { readonly content?: unknown; readonly role?: unknown }
  return `${String(role)}: ${typeof content === 'string' ? content : JSON.stringify(content)}`
}
