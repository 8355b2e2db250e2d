"""The service behind ``elman serve``: tag over HTTP, store corrections, and learn from them.

    schema     the SQLite file: its tables, and what is checked before it is used
    events     events in memory: which correction is in force, what undo and redo do
    store      one thread that writes events, and the rows of files and models
    documents  the sentences of the files, with ids; which are set aside, which all annotators see
    agreement  observed agreement and Cohen's kappa
    export     corrected files in the format that came in, and in those of other tools
    shelf      model files by SHA-256
    measure    what a model gets right of corrections and of what is set aside
    learner    elman.learn in a process of its own
    learning   what the server asks of it, and which model is adopted
    tagging    requests tagged together
    cards      sentences as the page shows them, and their order
    security   token, Host, Origin, limits
    hub        messages to pages that listen
    app        the HTTP service; api, api_learning, api_programs, udpipe are its answers, openapi their description

starlette and uvicorn are imported by ``app`` and ``run`` only.
"""
