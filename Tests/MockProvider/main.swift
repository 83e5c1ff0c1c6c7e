import NIOHTTP1

print(HTTPMethod.GET)
