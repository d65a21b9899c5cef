"""Property tests are judged by what they find, never by how long an example takes."""

from hypothesis import settings

settings.register_profile("messplus", deadline=None)
settings.load_profile("messplus")
