# Version and checksum are filled in by packaging/release.mjs; what it writes goes into the tap.
class LlmBatch < Formula
  desc "Turn a file of prompts into a file of answers through batch APIs"
  homepage "https://github.com/llm-batch/llm-batch"
  url "https://github.com/llm-batch/llm-batch/releases/download/v@VERSION@/llm-batch-@VERSION@.tgz"
  sha256 "@SHA256@"
  license "MIT"

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args
    bin.install_symlink libexec.glob("bin/*")
    man1.install_symlink libexec/"lib/node_modules/llm-batch/dist/man/llm-batch.1"
    generate_completions_from_executable(bin/"llm-batch", "completions")
  end

  test do
    assert_equal version.to_s, shell_output("#{bin}/llm-batch --version").strip
    system bin/"llm-batch", "demo", "--rows", "20", "--quiet"
  end
end
