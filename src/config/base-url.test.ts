import { describe, expect, it } from 'vitest'
import { parseBaseUrl } from './base-url.ts'

const rules = { variable: 'OPENAI_BASE_URL', isHttpAllowed: false }

describe('parseBaseUrl', () => {
  it.each([
    ['https://api.openai.com', 'https://api.openai.com/v1'],
    ['https://api.openai.com/', 'https://api.openai.com/v1'],
    ['https://api.openai.com/v1', 'https://api.openai.com/v1'],
    ['https://api.openai.com/v1/', 'https://api.openai.com/v1'],
    ['https://gateway.example/openai', 'https://gateway.example/openai'],
    ['https://GATEWAY.example:443/a/b//', 'https://gateway.example/a/b'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/v1'],
    ['http://localhost:8080/v1', 'http://localhost:8080/v1'],
    ['http://[::1]:8080', 'http://[::1]:8080/v1'],
    ['http://[0:0:0:0:0:0:0:1]', 'http://[::1]/v1'],
    ['http://127.1:8080', 'http://127.0.0.1:8080/v1'],
    ['http://2130706433', 'http://127.0.0.1/v1'],
  ])('reads %s as %s', (text, expected) => {
    expect(parseBaseUrl(text, rules)).toBe(expected)
  })

  it.each([
    ['api.openai.com/v1', /not an absolute/],
    ['', /not an absolute/],
    ['file:///etc/passwd', /not an absolute/],
    ['ftp://api.openai.com', /not an absolute/],
    ['https://', /not an absolute/],
    ['https://user:secret@api.openai.com', /user name or password/],
    ['https://api.openai.com/v1?key=1', /query or a fragment/],
    ['https://api.openai.com/v1#x', /query or a fragment/],
    ['http://api.openai.com', /unencrypted/],
    ['http://169.254.169.254/latest', /unencrypted/],
    ['http://10.0.0.5:8000', /unencrypted/],
    ['http://0.0.0.0', /unencrypted/],
    ['http://localhost.example.com', /unencrypted/],
    ['http://127.0.0.1.example.com', /unencrypted/],
    ['http://[::ffff:10.0.0.1]', /unencrypted/],
    ['http://2852039166', /unencrypted/],
  ])('refuses %s', (text, reason) => {
    expect(() => parseBaseUrl(text, rules)).toThrow(reason)
  })

  it('lets plain http reach another machine where the user allows it', () => {
    expect(parseBaseUrl('http://10.0.0.5:8000', { ...rules, isHttpAllowed: true })).toBe('http://10.0.0.5:8000/v1')
  })

  it('keeps a password out of the message', () => {
    expect(() => parseBaseUrl('https://user:secret@api.openai.com', rules)).toThrow(/^((?!secret).)*$/s)
  })
})
