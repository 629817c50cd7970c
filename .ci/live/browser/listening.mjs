// A page that listens, seen from outside.
const PATIENCE = 30_000;

/** A site's page in a browser of its own, which listens at the host. */
export class Listening {
  /** What the host answered, without sockets: the status and the URL. */
  answers = [];
  /** Errors in the page's script. */
  complaints = [];

  static async open(browser, site, kind, host) {
    const listening = new Listening();
    listening.context = await browser.newContext();
    listening.page = await listening.context.newPage();
    listening.watch(host);
    await listening.page.goto(site.origin);
    await listening.page.evaluate(`globalThis.listener = new ${kind}("${host}"); void listener.listen()`);
    return listening;
  }

  watch(host) {
    this.page.on("pageerror", (error) => this.complaints.push(String(error)));
    this.page.on("response", (answer) => {
      const url = answer.url();
      if (new URL(url).host === host) this.answers.push({ status: answer.status(), url });
    });
  }

  /** The fields of the page's listener. */
  state() {
    return this.page.evaluate("({ ...listener })");
  }

  /** Waits until the page's listener is so. */
  async until(condition) {
    try {
      await this.page.waitForFunction(condition, null, { timeout: PATIENCE });
    } catch (cause) {
      const seen = JSON.stringify({ ...(await this.state()), answers: this.answers, complaints: this.complaints });
      throw new Error(`it never was that ${condition}: ${seen}`, { cause });
    }
  }

  close() {
    return this.context.close();
  }
}
