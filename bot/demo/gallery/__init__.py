"""What the bot can say, as pages to look at: real answers about the sandbox, drawn as Slack would draw them.

    python -m bot.demo.gallery            every area, into gallery/
    python -m bot.demo.gallery rights     one area alone

`walk` does what people do in the fake Slack and keeps what they see, `areas` says what there is to see, the others
turn blocks into HTML. Nothing here words a message: what a page shows, the bot has sent.
"""
