/** The messages of a chat body as text, or the body itself where it has none. */
export function promptOf(body: string): string {
  const { messages } = JSON.parse(body) as { readonly messages?: unknown }
  if (!Array.isArray(messages)) return body
  return messages.map(messageText).join('\n')
}

function messageText(message: unknown): string {
  const { content, role } = message as { readonly content?: unknown; readonly role?: unknown }
  return `${String(role)}: ${typeof content === 'string' ? content : JSON.stringify(content)}`
}
