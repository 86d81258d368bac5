"""What the bot can say, as pages to look at: real answers about the sandbox, drawn as Slack would draw them.

    python -m bot.demo.gallery            every area, into gallery/
    python -m bot.demo.gallery rights     one area alone
    python -m bot.demo.gallery --live     no pages, but one to type and press in, in place of Slack

`walk` does what people do in the fake Slack and keeps what they see, `areas` says what there is to see, `live` lets
somebody do it herself, the others turn blocks into HTML. Nothing here words a message: what a page shows, the bot has
sent.
"""
